"""HTTP: routes, guards and pages over the actions."""
