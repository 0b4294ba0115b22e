"""Where the API is other than the published document of May 2025 (v4), and why: the one table of it.

A pattern is a difference as `comparing` tells it, with `*` for anything. Each difference must stand under one pattern,
and each pattern must still say something. `make facts` lays the table out as docs/conformance.md.
"""

DIFFERENCES: dict[str, str] = {
    "A split is told with what it is a split of, and an allocation can be named; only the client's number is on it.": """
        ExternalIds.operations: not here
        ExternalIds.vendor: not here
        SplitBillingAgreement.agreement: not there
        SplitBillingAgreementAllocation.id: not there
        SplitBillingAgreementAllocation.split: not there
        SplitBillingSubscription.agreement: not there
        SplitBillingSubscription.icon: not here
        SplitBillingSubscription.name: not here
        SplitBillingSubscriptionAllocation.id: not there
        SplitBillingSubscriptionAllocation.split: not there
""",
    # reason: patterns, one a line
    "Newer descriptions (v5, 2026) have it: see the field lists of the spec.": """
        *.revision: not there
        Agreement.assets: not there
        Agreement*Price.billingCurrency: not there
        AgreementSummaryPrice.*: not there
        AgreementLine.*: not there
        AgreementLinePrice.*: not there
        Account.*: * not there
        Account.defaultLanguageCode: not there
        Account.buyers: not there
        Authorization.settings: not there
        Certificate.statusNotes: not there
        Certificate.vendor: not there
        CommerceParameter.multiple: not there
        CommerceParameter.scope: not there
        Licensee.*: not there
        Listing.name: not there
        Listing.eligibility: not there
        Order.assets: not there
        Order.defaultMarkupSource: not there
        Order.type: * not there
        OrderLine.*: not there
        *LinePrice.*arkupSource: not there
        OrderSummaryPrice.*: not there
        OrderSubscription.status: * not there
        ParameterConstraints.capacity: not there
        ParameterDefinition.multiple: not there
        ParameterDefinition.scope: Asset not there
        ParameterDefinition.type: DateAndTime, Collection not there
        PriceList.default*: not there
        ProductStatistics.*: not there
        PriceListItem.info: not there
        PricingPolicy.eligibility: not there
        PricingPolicy.status: Disabled not there
        Subscription.status: * not there
        SubscriptionLine.*: not there
        SubscriptionLinePrice.*: not there
        Template.type: Asset not there
        TermsEntity.*: * not there
        TermsEntity.model: not there
        User.groups: not there
    """,
    "Samples and clients of 2024 read it; newer ones pass over it.": """
        *.href: not there
    """,
    "The events that were documented for this kind.": """
        Audit.*: not there
    """,
    "What was left out is named at every level, in parts as well.": """
        *.$meta: not there
    """,
    "A reference is the same thing everywhere: there it has a shape of its own, here it can be expanded like any.": """
        AuditRecordActorAccount.*: not there
        AuditRecordActorAccount.accountType: not here
        CommerceTermsAndConditions.order: not there
        CommerceTermsAndConditions.agreement: not there
        Subscription.order: not there
        OrderSubscription.order: not there
        Id.kind: not there
        Id.audit: not here
    """,
    "Inside an order, subscriptions and lines are the order's copies; what lives on them is on the live ones.": """
        Subscription.*: not here
        SubscriptionLine.*: not here
        SubscriptionSummaryPrice.defaultMargin: not here
    """,
    "What was accepted is kept with who and when; the terms themselves are read at the product.": """
        CommerceTermsAndConditions.*: not here
        ExtendedId.$meta: not here
    """,
    "Whose token it is; what holds it is a property of ours (contract: tokens).": """
        ApiToken.user: not there
        ApiToken.heldBy: not there
    """,
    "Who fulfils the orders of a product, and after what delay, is a setting of ours (docs/fulfilment.md).": """
        ProductSettings.fulfilment: not there
    """,
    "What is wrong with an account is told as with a buyer.": """
        Account.errors: not there
    """,
    "What goes along with a buyer is counted, once for each kind; the buyer itself is read at its own address.": """
        BuyerTransferDetails.*: not here
        BuyerTransferDetails.buyer: not there
    """,
    "Links as the documents of 2026 have them: with the names and numbers of the seller's books.": """
        ErpLink.companyName: not there
        BuyerExternalIds.accountExternalId: not here
        BuyerExternalIds.erpCustomerDiscountGroup: not there
    """,
    "Baskets are ours, and so are the rules of seats that an item declares (docs/baskets.md).": """
        Agreement.basket: not there
        ProductItem.seatRules: not there
        ProductItem.settings: not there
    """,
    "It comes with the room or the noun that makes it; until then there would be nothing to count or to name.": """
        *.statistics: not here
        *.split: not here
        *.splitStatus: not here
        Certificate.parameters: not here
        Certificate.template: not here
        Certificate.terms: not here
        AuditRecordObject.*: not there
    """,
    "Requests: the documents of the platform name their parties and keys too, a text is always told, a change shown.": """
        Request.client: not there
        Request.vendor: not there
        Request.externalIds: not there
        RequestParameters.audit: not here
        RequestParameters.request: not here
        Attachment.account: not there
        Attachment.type: not here
        GET /commerce/requests/{id}/template: answers 204 there
        PUT /commerce/requests/{request}/attachments/{id}: answers with a body here only
    """,
    "Described more loosely here, since newer values are let through; the answers are held to it all the same.": """
        CommerceParameter.phase: one of * there
        CommerceParameter.type: one of * there
        TermsEntity.commitment: one of * there
        TermsEntity.period: one of * there
    """,
    "Whoever is a member is invited once, and the code is told to that person alone; what a member did last is theirs.": """
        AccountUserAudit.access: not here
        AccountUserAudit.invited: not there
        AccountUserLegacyAudit.access: not here
        AccountUserLegacyAudit.invitationAcceptedAt: not here
        AccountUserLegacyAudit.invited: not there
        AccountUserQueryLegacy.lastLoginAt: not here
        Invitation.code: not there
    """,
    "A change is answered with the thing as it is afterwards, a check with what was found (platform spec 0, 14).": """
        GET /accounts/users/{id}/sso-check: answers with a body here only
        POST /catalog/items/{id}/review: answers 204 there
        POST /catalog/pricing-policies/{id}/activate: answers with a body here only
        POST /notifications/webhooks/{id}/disable: answers 204 there
        POST /notifications/webhooks/{id}/enable: answers 204 there
        PUT /catalog/pricing-policies/{pricingPolicy}/attachments/{id}: answers 204 there
        PUT /catalog/products/{product}/documents/{id}: answers 204 there
    """,
    "Documents and attachments are told as the official client reads them (platform spec 2.7): the name there is another's.": """
        DateEvent.by: not there
        Document.*: not here
        Document.*: not there
        Document.status: Deleted not there
        PricingPolicyAttachment.filename: not there
        PricingPolicyAttachment.pricingPolicy: not there
        PricingPolicyAttachment.status: not here
    """,
    "What a record tells is in its documents (docs/audit.md); kinds of events have a trail of their own.": """
        AuditEventType.audit: not there
        AuditRecordLogInfo.operationId: not here
        AuditRecordRequest.api: not here
        AuditRecordRequest.worker: not here
    """,
    "Validation: newer programs ask in more cases, by a name; criteria are a map (platform spec 5.1, 13; docs/webhooks.md).": """
        Order.validation: not there
        Request.validation: not there
        Webhook.criteria: a list there
        Webhook.name: not there
        Webhook.type: * not there
        WebhookCall.httpStatusCode: one of * there
        WebhookObjectRef.*: not there
    """,
}


def patterns() -> dict[str, str]:
    """Every pattern with its reason."""
    return {line.strip(): reason for reason, lines in DIFFERENCES.items() for line in lines.strip().splitlines()}
