ENVIRONMENT = "prod"
KEYS = {"first": "own_first", "second": "own_second"}
TEAMS = ("red", "blue")


class Connections:
    WAREHOUSE = f"warehouse_{ENVIRONMENT}"
