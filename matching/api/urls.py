"""Below `/api/v1/`."""

from django.urls import path

from matching.api import credits, engine, module_guard, postings, reports, rules, settlements, views

urlpatterns = [
    path("proposals/", views.ProposalList.as_view(), name="proposals"),
    path("proposals/<uuid:public_id>/", views.ProposalDetail.as_view(), name="proposal"),
    path("proposals/<uuid:public_id>/approve/", views.Approve.as_view(), name="proposal-approve"),
    path("proposals/<uuid:public_id>/reject/", views.Reject.as_view(), name="proposal-reject"),
    path("proposals/<uuid:public_id>/hold/", views.Hold.as_view(), name="proposal-hold"),
    path("proposals/<uuid:public_id>/ignore/", views.Ignore.as_view(), name="proposal-ignore"),
    path("decisions/<uuid:public_id>/undo/", views.Undo.as_view(), name="decision-undo"),
    path("decisions/<uuid:public_id>/wrong/", engine.ReportWrong.as_view(), name="decision-wrong"),
    path("allocations/", views.Allocate.as_view(), name="allocations"),
    path("allocations/credit/", credits.AllocateCredit.as_view(), name="allocations-credit"),
    path("engine-models/", engine.EngineModelList.as_view(), name="engine-models"),
    path("engine-models/shipped/use/", engine.UseShippedWeights.as_view(), name="engine-models-shipped"),
    path("engine-models/release/", engine.LetLearn.as_view(), name="engine-models-release"),
    path("engine-models/<uuid:public_id>/", engine.EngineModelDetail.as_view(), name="engine-model"),
    path("engine-models/<uuid:public_id>/use/", engine.UseEngineModel.as_view(), name="engine-model-use"),
    path("automation-stops/", engine.AutomationStopList.as_view(), name="automation-stops"),
    path("automation-stops/<uuid:public_id>/resume/", engine.ResumeAutomation.as_view(), name="automation-resume"),
    path("reports/match-rate/", engine.MatchRateReport.as_view(), name="match-rate"),
    path("reports/three-way/", reports.ThreeWayReport.as_view(), name="three-way"),
    path("matching-rules/", rules.RuleList.as_view(), name="matching-rules"),
    path("matching-rules/<uuid:public_id>/", rules.RuleDetail.as_view(), name="matching-rule"),
    path("matching-rules/<uuid:public_id>/move/", rules.RuleMove.as_view(), name="matching-rule-move"),
    path("matching-rules/<uuid:public_id>/replay/", rules.RuleReplay.as_view(), name="matching-rule-replay"),
    path("postings/<uuid:public_id>/give-up/", postings.GiveUpPosting.as_view(), name="posting-give-up"),
    path("whmcs/module/guard/", module_guard.ModuleGuard.as_view(), name="whmcs-module-guard"),
    path("settlements/", settlements.SettlementList.as_view(), name="settlements"),
]
