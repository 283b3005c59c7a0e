"""Bank statement files and provider answers, read into one source-neutral shape (`types`)."""
