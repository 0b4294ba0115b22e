import pytest, urllib.parse
from tests import purchases
Q = """
/commerce/orders?eq(status,'Processing')&order=-audit.created.at&select=audit,lines&limit=20&offset=0
/commerce/orders?status='Draft'
/commerce/orders?ne(notes,'x')
/commerce/orders?gt(price.SPxY,100)
/commerce/orders?ge(status,Processing)
/commerce/orders?in(status,(Draft,Quoted))
/commerce/orders?out(status,(Draft,Quoted))
/commerce/orders?like(notes,*soft*)
/commerce/orders?ilike(notes,*soft*)
/commerce/orders?and(eq(status,draft),or(eq(type,Purchase),eq(notes,'x')),not(eq(notes,'y')))
/commerce/orders?status=Draft&type=Purchase
/commerce/orders?status=Draft|status=Quoted
/commerce/orders?any(lines,eq(item.id,'ITM-5001-0001-0001'))
/commerce/orders?any(lines)
/commerce/orders?all(lines,gt(quantity,0))
/commerce/orders?eq(notes,null())
/commerce/orders?ne(notes,empty())
/commerce/orders?gt(price.SPxY,price.SPx1)
/commerce/orders?eq(notes,self(id))
/commerce/orders?eq(agreement.product.id,PRD-5001-0001)&gt(audit.created.at,'2026-01-31T23:00:00.000Z')&lt(audit.created.at,2099-01-31)
/commerce/orders?eq(externalIds.client,'x')
/commerce/orders?any(parameters.ordering,and(eq(externalId,'company'),like(displayValue,*orth*)))
/commerce/orders?order=-audit.created.at,notes
/commerce/orders?select=%2Baudit,-price
/commerce/orders?select=-*,id,status
/commerce/orders?select=agreement
/commerce/orders?select=agreement.price
/commerce/orders?select=agreement.client.address
/commerce/orders?select=nonsense
/commerce/orders?limit=0
/commerce/orders?limit=5000
/catalog/items?eq(product.id,PRD-5001-0001)&eq(externalIds.vendor,'A-1')
/catalog/price-lists/PRC-5001-0001-0001/items?eq(item.id,'ITM-5001-0001-0001')
/accounts/licensees?eq(account.id,'ACC-2001-0001')&eq(buyer.id,'x')
/audit/records?eq(object.id,'x')&order=-timestamp
""".split("\n")
@pytest.mark.parametrize("q",[q for q in Q if q])
def test_q(served,q):
    if not getattr(served,"done",0):
        served.done=1
        purchases.draft(served); purchases.completed(served)
    path,_,s=q.partition("?")
    r=served.call("operations","GET",path+"?"+s.replace(" ","%20").replace("|","%7C"))
    print(r.status,q,r.json.get("errors"),r.json.get("$meta"), str(r.json.get("data"))[:300])
    assert r.status==200
@pytest.mark.parametrize("q",["order=nonsense","foo=1","eq(status,nope)","frob(a,b)","like(createdAt,x)","eq(price.PPxY,1)","order=price.markup","eq(address,x)"])
def test_bad(served,q):
    r=served.call("client","GET","/commerce/orders?"+q); print(r.status,r.json); assert r.status==400
def test_writes(served):
    o=purchases.draft(served); p=f"/commerce/orders/{o['id']}"
    r=served.call("client","GET",p); print(r.headers)
    r=served.call("client","PUT",p,{"notes":"a"},if_match='"99"'); print(r.status,r.json); assert r.status==412
    r=served.call("client","PUT",p,{"notes":"a"},if_match=r"*"); assert r.status==200 and r.json["revision"]==2
    r=served.call("client","PUT",p,{"notes":"b"},prefer="dry-run",idempotency_key="zz"); print(r.headers); assert r.json["notes"]=="b"
    assert served.call("client","GET",p).json["notes"]=="a"
    r=served.call("client","PUT",p,{"notes":"b"},idempotency_key="zz"); assert "idempotent-replayed" not in r.headers
    r=served.call("client","PUT",p,{"notes":"b"},idempotency_key="zz"); assert r.headers["idempotent-replayed"]=="true"
    r=served.call("client","PUT",p,{"notes":"c"},idempotency_key="zz"); print(r.json); assert r.status==422
    r=served.call("client","POST","/commerce/orders",{"lines":[{"item":{"id":"x"}}]}); print(r.json)
    r=served.call("client","PUT",p,{"status":"Completed","id":"x","price":{"SPxY":1},"error":{"message":"x"}}); assert r.status==200 and r.json["status"]=="Draft"
    r=served.call("client","PUT",p,{"lines":[{"id":o["lines"][0]["id"],"quantity":"x"},{"item":{"id":"nope"},"quantity":1}]}); print(r.status,r.json)
    r=served.call("client","PUT",p,{"lines":[{"id":o["lines"][0]["id"],"quantity":-3}]}); print(r.status,r.json["lines"][0]["quantity"])
    r=served.call("client","POST",p+"/process"); print(r.status,r.json["errors"])
    r=served.call("client","DELETE",p); assert r.status==204
    r=served.call("client","GET",p); assert r.json["status"]=="Deleted" 
    r=served.call("client","PUT",p,{"notes":"x"}); print(r.status,r.json["detail"])
    r=served.call("client","GET","/nope"); print(r.status,r.json)
    r=served.call("client","PATCH","/commerce/orders"); print(r.status,r.headers)
    c=purchases.completed(served); p=f"/commerce/orders/{c['id']}"
    r=served.call("operations","PUT",p,{"lines":[{"id":c["lines"][0]["id"],"price":{"markup":50}}]}); print("ops markup on completed",r.status,r.json["price"])
    r=served.call("client","PUT",p,{"notes":"later"}); print(r.status)
    r=served.call("vendor","PUT",p,{"notes":"later","assignee":{"id":"TKN-3001-0001"}}); print(r.status,r.json.get("assignee"))
