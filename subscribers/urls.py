"""Addresses of the people's side: signup to leaving."""

from django.urls import URLPattern, URLResolver, path

from subscribers.views import embedding, moving, preferences, privacy, signup, unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    path("signup/", signup.form, name="signup"),
    path("signup/done/", signup.done, name="signup-done"),
    path("signup/challenge.json", signup.challenge, name="signup-challenge"),
    path("embed/", embedding.frame, name="embed"),
    path("embed/instructions/", embedding.instructions, name="embed-instructions"),
    path("confirm/<str:token>/", signup.confirm, name="confirm"),
    path("disown/<str:token>/", signup.disown, name="disown"),
    path("unsubscribe/<str:token>/", unsubscribe.by_link, name="unsubscribe"),
    path("one-click/<str:token>/", unsubscribe.one_click, name="one-click"),
    path("undo/<str:token>/", unsubscribe.undo, name="undo"),
    path("preferences/<str:token>/", preferences.page, name="preferences"),
    path("preferences/<str:token>/data.json", preferences.data, name="data"),
    path("preferences/<str:token>/erase/", preferences.erase, name="erase"),
    path("address/<str:token>/", moving.page, name="address"),
    path("receipt/<str:token>/", privacy.receipt, name="receipt"),
    path("receipt/<str:token>/receipt.json", privacy.receipt_download, name="receipt-download"),
    path("privacy/seals.json", privacy.seals, name="seals"),
]
