"""Below `/api/v1/`."""

from django.urls import path

from matching.api import reports, rules, settlements, views

urlpatterns = [
    path("proposals/", views.ProposalList.as_view(), name="proposals"),
    path("proposals/<uuid:public_id>/", views.ProposalDetail.as_view(), name="proposal"),
    path("proposals/<uuid:public_id>/approve/", views.Approve.as_view(), name="proposal-approve"),
    path("proposals/<uuid:public_id>/reject/", views.Reject.as_view(), name="proposal-reject"),
    path("proposals/<uuid:public_id>/hold/", views.Hold.as_view(), name="proposal-hold"),
    path("proposals/<uuid:public_id>/ignore/", views.Ignore.as_view(), name="proposal-ignore"),
    path("decisions/<uuid:public_id>/undo/", views.Undo.as_view(), name="decision-undo"),
    path("allocations/", views.Allocate.as_view(), name="allocations"),
    path("reports/three-way/", reports.ThreeWayReport.as_view(), name="three-way"),
    path("matching-rules/", rules.RuleList.as_view(), name="matching-rules"),
    path("matching-rules/<uuid:public_id>/", rules.RuleDetail.as_view(), name="matching-rule"),
    path("matching-rules/<uuid:public_id>/move/", rules.RuleMove.as_view(), name="matching-rule-move"),
    path("matching-rules/<uuid:public_id>/replay/", rules.RuleReplay.as_view(), name="matching-rule-replay"),
    path("settlements/", settlements.SettlementList.as_view(), name="settlements"),
]
