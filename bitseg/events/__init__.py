"""Events: a log a kind in time order, and the tallies that contacts' events are made into."""
