"""From cases to a student, in jobs that need nobody: logic and panels."""
