"""What answers below the version root without being a collection: a plain function, told to callers by hand.

Each stands here as an `Operation`, beside the route of the collections that the declarations give.
"""

from entrepot.http.openapi.operation import Operation

OPERATIONS: tuple[Operation, ...] = ()
