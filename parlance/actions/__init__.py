"""What the actions of any assistant need, on rasa_sdk: forms that are interrupted, corrected and resumed; an explicit
yes before what has consequences; offers; requests that wait; dates, amounts and ordinals as people type them; a
fallback in two steps.

A project's own actions build on it, and tell it once who the assistant is: ``settings.configure``. docs/actions.md.
"""
