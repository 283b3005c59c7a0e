"""Where the installation's own secrets come from: the environment, files, HashiCorp Vault or AWS Secrets Manager."""
