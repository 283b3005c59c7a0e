"""Signing in to the API, and who may do what, below `/api/v1/`."""

from django.urls import path

# `schema` registers itself: how the API's description names the ways to sign in.
from accounts.api import account, administration, audit, description, invitations, schema, views  # noqa: F401

urlpatterns = [
    path("api-keys/", administration.KeyList.as_view(), name="api-keys"),
    path("api-keys/<uuid:public_id>/", administration.KeyDetail.as_view(), name="api-key"),
    path("invitations/", invitations.InvitationList.as_view(), name="invitations"),
    path("invitations/<uuid:public_id>/", invitations.InvitationDetail.as_view(), name="invitation"),
    path("invitations/<uuid:public_id>/resend/", invitations.ResendInvitation.as_view(), name="invitation-resend"),
    path("members/", administration.MemberList.as_view(), name="members"),
    path("members/<uuid:public_id>/", administration.MemberDetail.as_view(), name="member"),
    path("permissions/", administration.PermissionTable.as_view(), name="permissions"),
    path("schema/", description.Description.as_view(), name="schema"),
    path("roles/", administration.RoleList.as_view(), name="roles"),
    path("roles/<slug:code>/", administration.RoleDetail.as_view(), name="role"),
    path("audit-log/", audit.AuditLog.as_view(), name="audit-log"),
    path("auth/token/", views.ObtainToken.as_view(), name="auth-token"),
    path("auth/token/refresh/", views.RefreshToken.as_view(), name="auth-token-refresh"),
    path("auth/token/revoke/", views.RevokeToken.as_view(), name="auth-token-revoke"),
    path("auth/token/verify/", views.VerifyToken.as_view(), name="auth-token-verify"),
    path("auth/sessions/", account.SessionList.as_view(), name="auth-sessions"),
    path("auth/sessions/<uuid:public_id>/", account.SessionDetail.as_view(), name="auth-session"),
    path("auth/password/", account.Password.as_view(), name="auth-password"),
    path("auth/language/", account.Language.as_view(), name="auth-language"),
    path("auth/step-up/", account.StepUp.as_view(), name="auth-step-up"),
    path("auth/me/", views.Me.as_view(), name="auth-me"),
]
