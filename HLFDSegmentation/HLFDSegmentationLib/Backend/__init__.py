"""The environment that the backend runs in: logic and panel."""
