"""Reports, and the addon module's part of the API, below `/api/v1/`."""

from django.urls import path

from payymo.dashboard.api import module, reports

urlpatterns = [
    path("reports/", reports.ReportList.as_view(), name="report-list"),
    # Two of the tables have short names, which scripts rely on.
    path("reports/period/", reports.ReportTable.as_view(), {"name": "statement"}, name="report-period"),
    path("reports/ageing/", reports.ReportTable.as_view(), {"name": "ageing"}, name="report-ageing"),
    path("reports/<slug:name>/table/", reports.ReportTable.as_view(), name="report-table"),
    path("reports/<slug:name>/table.csv", reports.ReportCsv.as_view(), name="report-csv"),
    path("whmcs/module/config/", module.ModuleConfig.as_view(), name="module-config"),
    path("whmcs/module/summary/", module.ModuleSummary.as_view(), name="module-summary"),
    path("whmcs/module/invoice/<int:whmcs_id>/", module.ModuleInvoice.as_view(), name="module-invoice"),
    path("whmcs/module/client/<int:whmcs_id>/", module.ModuleClient.as_view(), name="module-client"),
    path("whmcs/module/postings/", module.ModulePostings.as_view(), name="module-postings"),
    path("whmcs/module/proposals/<uuid:public_id>/approve/", module.ModuleApprove.as_view(), name="module-approve"),
    path("whmcs/module/proposals/<uuid:public_id>/reject/", module.ModuleReject.as_view(), name="module-reject"),
]
