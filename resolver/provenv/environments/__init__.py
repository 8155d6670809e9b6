"""A lock installed: environments made by uv, checked by hash, never left looking whole when they are not."""
