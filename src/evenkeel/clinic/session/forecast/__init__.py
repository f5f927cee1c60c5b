"""The forecast of a live session: a function of its events, a version and a seed, and no more.

``inputs`` reads the events, ``learner`` learns from them, ``lines`` and ``payload`` say what is to
come, ``shown`` says whether a clinic shows it yet. The work is done in a process of its own
(``evenkeel.live.forecaster``); nothing here is asked by a page but what that process stored.
"""
