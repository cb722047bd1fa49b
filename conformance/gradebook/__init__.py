"""A model of the gradebook: writes of our own, what should be there after each, and the smallest sequence that shows otherwise."""
