"""Kills of the HTTP server: a process under load over sockets, ended at any moment.

The promise is that of ``tests/faults/crash``, as a client sees it: what was answered 2xx is there,
whole; what was refused is not; a request without an answer is whole or absent, and sent again with
its Idempotency-Key it takes effect once. Two tenants never mix.
"""
