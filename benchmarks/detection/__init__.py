"""The detection score: every planted fault of the mock and every planted defect of a file, put to the suite."""
