"""Models: where they come from, how they are loaded, how chats become their token ids, and their adapters.

Importing a module of this room imports no torch; loading a model does. Nothing is trained, generated or scored here.
"""
