"""Who may do what where: users, memberships, roles, sessions, signing keys. Shared schema."""

from accounts.models.letters import Invitation, OutgoingMail, PasswordReset
from accounts.models.passkeys import Passkey, PasskeyChallenge
from accounts.models.people import ApiKey, Membership, Role, User, UserManager
from accounts.models.records import AttemptCounter, IdempotencyRecord, SecurityEvent
from accounts.models.sign_in import RecoveryCode, RefreshToken, Session, SigningKey, TotpDevice

__all__ = [
    "ApiKey",
    "AttemptCounter",
    "IdempotencyRecord",
    "Invitation",
    "Membership",
    "OutgoingMail",
    "Passkey",
    "PasskeyChallenge",
    "PasswordReset",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "SecurityEvent",
    "Session",
    "SigningKey",
    "TotpDevice",
    "User",
    "UserManager",
]
