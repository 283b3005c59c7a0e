"""Paths under `/api/v1/`."""

from django.urls import path

from banking.api import account_answers, grants, statements, views

urlpatterns = [
    path("bank-providers/", views.Providers.as_view(), name="bank-providers"),
    path("institutions/", views.Institutions.as_view(), name="institutions"),
    path("bank-connections/", views.Connections.as_view(), name="bank-connections"),
    path("bank-connections/<uuid:public_id>/", views.ConnectionDetail.as_view(), name="bank-connection"),
    path("bank-connections/<uuid:public_id>/renew/", views.RenewConnection.as_view(), name="bank-connection-renew"),
    path(
        "bank-connections/<uuid:public_id>/withdraw/",
        views.WithdrawConnection.as_view(),
        name="bank-connection-withdraw",
    ),
    path(
        "bank-connections/<uuid:public_id>/refresh/", views.RefreshConnection.as_view(), name="bank-connection-refresh"
    ),
    path("members/<uuid:public_id>/bank-accounts/", grants.MemberAccounts.as_view(), name="member-bank-accounts"),
    path("bank-accounts/", views.Accounts.as_view(), name="bank-accounts"),
    path(
        "bank-accounts/<uuid:public_id>/answer/",
        account_answers.AnswerAccount.as_view(),
        name="bank-account-answer",
    ),
    path("bank-transactions/", views.Transactions.as_view(), name="bank-transactions"),
    path("bank-transactions/<uuid:public_id>/", views.TransactionDetail.as_view(), name="bank-transaction"),
    path("statement-imports/", statements.StatementImports.as_view(), name="statement-imports"),
    path("statement-imports/<uuid:public_id>/", statements.StatementImportDetail.as_view(), name="statement-import"),
    path(
        "statement-imports/<uuid:public_id>/map/", statements.MapStatementImport.as_view(), name="statement-import-map"
    ),
    path(
        "statement-imports/<uuid:public_id>/commit/",
        statements.CommitStatementImport.as_view(),
        name="statement-import-commit",
    ),
]
