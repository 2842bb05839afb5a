"""One rule a file. Each has a `RULE`: a policy of the `pulumi-policy` SDK."""
