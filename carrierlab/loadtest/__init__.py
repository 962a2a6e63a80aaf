"""Load tests with Locust: SMPP users over gevent, profiles, thresholds, the search for a limit (docs/load-testing.md).

Only the files that Locust loads (`smpp_user`, `users`, `playing`, `conducting`, `locustfile`) import gevent or Locust,
since that patches the whole process. A locustfile of one's own imports `SmppUser` from `smpp_user`.
"""
