"""AWS Secrets Manager: one secret that is a JSON object with a field for each of ours. Needs `boto3`.

Who we are is found by boto3: the role of the machine or the container, or the usual variables.
Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

import json

from payymo.shared.secret_store.base import SecretMissing, SecretUnreadable, field


class AwsBackend:
    """Implements `Backend` on Secrets Manager."""

    is_live = True

    def __init__(self, *, secret_id: str, region: str, endpoint: str = "") -> None:
        import boto3
        import botocore.config
        import botocore.exceptions

        self._secret_id = secret_id
        self._errors = botocore.exceptions
        self._client = boto3.session.Session().client(
            "secretsmanager",
            region_name=region,
            endpoint_url=endpoint or None,
            config=botocore.config.Config(
                connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
            ),
        )

    def __repr__(self) -> str:
        return f"AwsBackend({self._secret_id})"

    def read(self, name: str) -> str:
        """Return the field of the secret's current version."""
        place = f"the AWS secret {self._secret_id}"
        try:
            text = self._client.get_secret_value(SecretId=self._secret_id).get("SecretString", "")
        except self._errors.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))[:60]
            if code == "ResourceNotFoundException":
                raise SecretMissing(name, f"{place} does not exist.") from None
            raise SecretUnreadable(name, f"AWS refuses {place} ({code or 'no code'}).") from None
        except self._errors.NoCredentialsError:
            raise SecretUnreadable(name, "AWS does not know who we are: there is no role and no access key.") from None
        except (self._errors.BotoCoreError, OSError) as error:
            raise SecretUnreadable(name, f"AWS does not answer ({type(error).__name__}).") from None
        try:
            held = json.loads(text)
        except ValueError:
            raise SecretUnreadable(name, f"{place} is not JSON.") from None
        return field(name, held, place=place)
