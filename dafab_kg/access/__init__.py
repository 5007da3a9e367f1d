"""Who may do what: tokens and their scopes, rates, and addresses that may be fetched."""
