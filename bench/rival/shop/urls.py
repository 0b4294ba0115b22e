"""The two addresses that are measured."""

from rest_framework.routers import SimpleRouter

from bench.rival.shop.api import Orders

router = SimpleRouter(trailing_slash=False)
router.register("public/v1/commerce/orders", Orders, basename="order")
urlpatterns = router.urls
