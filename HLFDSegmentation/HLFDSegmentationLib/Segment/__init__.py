"""From a CT to segments, surfaces and a list of lesions: logic and panels."""
