/** The data that each hook gets from BioT. The entities in it are in entities.d.ts. */

/** A change of an entity: NotificationData<Patient>. After an update, oldEntity is the entity as it was before. */
export interface NotificationData<T> {
  entity?: T;
  additionalData?: { oldEntity?: T };
}

/**
 * A user's request, before BioT runs it: RequestData<Patient>. Any attribute can be missing in the JSON of its body,
 * which is null in a request without one: RequestData<null>.
 */
export interface RequestData<T> {
  path: string;
  queryParameters: Record<string, string[]>;
  headers: Record<string, string>;
  pathVariables?: string[];
  body: Partial<T>;
}

/** BioT's response with the JSON of its body: ResponseData<Patient>, or ResponseData<Page<Patient>>. */
export interface ResponseData<T> {
  statusCode?: number;
  body: T;
}

/** The entities in a response: EntitiesData<Patient>. */
export interface EntitiesData<T> {
  statusCode?: number;
  entities: T[];
}

/** The body of the response to a search. */
export interface Page<T> {
  data: T[];
  metadata?: { page?: { totalResults?: number } };
}

/** The event of a cron schedule, from AWS EventBridge. */
export interface ScheduledEvent {
  id: string;
  time: string;
  region: string;
  resources: string[];
}

/** What comes with the data: the keys of a notification, then those of interceptors, then those of direct calls. */
export interface Metadata {
  entityTypeName?: string;
  actionName?: string;
  status?: string;
  startTime?: string;
  endTime?: string;
  initiator?: { subject?: { id?: string }; sourceIpAddress?: string };

  apiId?: string;
  entityName?: string;
  initiatorData?: { subjectId?: string; ownerOrganizationId?: string; tokenType?: string };

  method?: string;
  path?: string;
  queryParameters?: Record<string, string>;
  headers?: Record<string, string>;
}
