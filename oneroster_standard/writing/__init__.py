"""Writing a bundle as a vendor spells it: plans, habits, and files made of them."""
