"""The acceptance run of an environment on its hardware, and the report that binds it to the lock."""
