"""The data that each hook gets from BioT. The entities in it are in ``entities.py``."""

from typing import Any, Generic, TypedDict, TypeVar

T = TypeVar("T")


class AdditionalData(TypedDict, Generic[T], total=False):
    """What comes with the entity of a notification. After an update it has the entity as it was before."""

    oldEntity: T


class NotificationData(TypedDict, Generic[T], total=False):
    """A change of an entity: ``NotificationData[Patient]``."""

    entity: T
    additionalData: AdditionalData[T]


class RequestData(TypedDict, Generic[T], total=False):
    """A user's request with the JSON of its body, before BioT runs it: ``RequestData[Patient]``.

    The body is None in a request without one: ``RequestData[None]``.
    """

    path: str
    queryParameters: dict[str, list[str]]
    headers: dict[str, str]
    pathVariables: list[str]
    body: T


class ResponseData(TypedDict, Generic[T], total=False):
    """BioT's response with the JSON of its body: ``ResponseData[Patient]``, or ``ResponseData[Page[Patient]]``."""

    statusCode: int
    body: T


class EntitiesData(TypedDict, Generic[T], total=False):
    """The entities in a response: ``EntitiesData[Patient]``."""

    statusCode: int
    entities: list[T]


class Page(TypedDict, Generic[T], total=False):
    """The body of the response to a search."""

    data: list[T]
    metadata: dict[str, Any]


class ScheduledEvent(TypedDict, total=False):
    """The event of a cron schedule, from AWS EventBridge."""

    id: str
    time: str
    region: str
    resources: list[str]


class InitiatorData(TypedDict, total=False):
    """Who made an API call that an interceptor sees."""

    subjectId: str
    ownerOrganizationId: str
    tokenType: str


class Metadata(TypedDict, total=False):
    """What comes with the data: the keys of a notification, then those of interceptors, then those of direct calls."""

    entityTypeName: str
    actionName: str
    status: str
    startTime: str
    endTime: str
    initiator: dict[str, Any]

    apiId: str
    entityName: str
    initiatorData: InitiatorData

    method: str
    path: str
    queryParameters: dict[str, str]
    headers: dict[str, str]
