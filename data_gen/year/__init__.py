"""A school year that lives: what changes in a district from one day to the next, the same for a seed everywhere.

Day 0 is the district as it was generated. Importing this package registers every kind of happening.
"""

from data_gen.year import families, mistakes, moves, schedules, staff

__all__ = ["families", "mistakes", "moves", "schedules", "staff"]
