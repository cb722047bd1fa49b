"""A school year that lives: what changes in a district from one day to the next, the same for a seed everywhere.

Day 0 is the district as it was generated. Importing this package registers every kind of happening and every event of the
calendar.
"""

from data_gen.year import families, mistakes, moves, planning, rollover, schedules, scheduling, staff, terms

__all__ = ["families", "mistakes", "moves", "planning", "rollover", "schedules", "scheduling", "staff", "terms"]
