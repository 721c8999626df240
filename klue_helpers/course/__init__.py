"""Operations behind the `klue` command: run, check, site, tidy, doctor (taught nowhere).

Only this package knows papermill, nbval and jupyter-book. Nothing that a learner imports brings it in.
"""
