"""Exercises that check themselves, one module a lecture (used in every lecture, taught nowhere).

``from klue_helpers.exercises import lecture02 as ex`` gives a lecture's exercises q1, q2, … and `EXERCISES`, all of
them in order; `klue_helpers.exercises.frame` says what an exercise is.
"""
