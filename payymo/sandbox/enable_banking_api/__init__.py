"""Enable Banking as its documentation describes it: signed tokens, sessions, accounts of one session."""
