"""The models of a user: logic and panel."""
