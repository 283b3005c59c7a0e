"""The dashboard's pages on a tenant's host."""

from django.urls import include, path

from payymo.dashboard.views import (
    activity,
    connect_bank,
    connections,
    imports,
    invoices,
    overview,
    payouts,
    postings,
    preferences,
    settings,
    transactions,
)

app_name = "dashboard"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("", include("payymo.dashboard.urls_review")),
    path("transactions/", transactions.transactions, name="transactions"),
    path("transactions/<uuid:receipt_id>/", transactions.transaction, name="transaction"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<uuid:invoice_id>/", invoices.invoice, name="invoice"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("postings/", postings.postings, name="postings"),
    path("postings/<uuid:posting_id>/retry/", postings.retry, name="posting_retry"),
    path("postings/<uuid:posting_id>/give-up/", postings.give_up, name="posting_give_up"),
    path("activity/", activity.activity, name="activity"),
    path("connections/", connections.connections, name="connections"),
    path("connections/whmcs/new/", connections.connect_whmcs, name="connect_whmcs"),
    path("connections/stripe/new/", connections.connect_stripe, name="connect_stripe"),
    path("connections/bank/new/", connect_bank.connect_bank, name="connect_bank"),
    path("connections/bank/callback/", connect_bank.bank_callback, name="bank_callback"),
    path("connections/<slug:kind>/<uuid:public_id>/sync/", connections.sync, name="connection_sync"),
    path("connections/<slug:kind>/<uuid:public_id>/remove/", connections.remove, name="connection_remove"),
    path("connections/whmcs/<uuid:public_id>/test/", connections.test_whmcs, name="connection_test"),
    path("connections/whmcs/<uuid:public_id>/credential/", connections.change_whmcs, name="connection_credential"),
    path("connections/bank/<uuid:public_id>/renew/", connect_bank.renew, name="connection_renew"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<uuid:import_id>/", imports.import_detail, name="import"),
    path("imports/<uuid:import_id>/map/", imports.import_map, name="import_map"),
    path("imports/<uuid:import_id>/commit/", imports.import_commit, name="import_commit"),
    path("imports/<uuid:import_id>/discard/", imports.import_discard, name="import_discard"),
    path("account/theme/", preferences.theme, name="theme"),
    path("settings/matching/", settings.matching, name="settings_matching"),
]
