"""Cases are data that tests read: taken once, by hand or by a recipe that is kept here too."""
