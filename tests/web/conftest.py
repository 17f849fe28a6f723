"""Every test here talks to a real server."""

from tests.web.fixtures import clients, guest, pool, served

__all__ = ["clients", "guest", "pool", "served"]
