"""Which CTs and labels a model is made from: logic and panels."""
