/**
 * The entities of BioT, with the attributes that the kit knows. Those with a question mark may be missing. Other custom
 * attributes have any type; BioT's own begin with an underscore, and their names are checked.
 *
 * `biot-plugin types -e ENVIRONMENT` writes this file again, with the custom attributes of your templates.
 */

type Letters<Text> = Text extends `${infer First}${infer Rest}` ? First | Uppercase<First> | Letters<Rest> : never;

// biome-ignore lint/suspicious/noExplicitAny: nobody knows the type of these values
type Unknown = any;

export type Gender = "MALE" | "FEMALE" | "UNDISCLOSED";

export type CredentialType = "PASSWORD" | "OTP";

export type State = "ACTIVE" | "CLEARED" | "SUSPENDED";

export type Severity = "CRITICAL" | "MAJOR" | "MINOR" | "INFO";

export type Degree =
  | "MEDICAL_DOCTOR"
  | "DOCTOR_OF_OSTEOPATHY"
  | "PHYSICIAN_ASSISTANT"
  | "REGISTERED_NURSE"
  | "CLINICAL_NURSE_SPECIALISTS"
  | "NURSE_PRACTITIONER"
  | "LICENSED_PRACTICAL_NURSE"
  | "MEDICAL_ASSISTANT"
  | "NO_DEGREE"
  | "OTHER";

export type UsageSessionState = "ACTIVE" | "DONE" | "PAUSED" | "ACTIVATING" | "PAUSING" | "RESUMING" | "STOPPING";

export type StopReasonCode = "COMPLETION" | "GENERAL_DEVICE_ERROR" | "TIMEOUT";

/** Another entity. A request contains only its id. */
export interface Reference {
  id: string;
  name?: string | null;
  templateId?: string | null;
  templateName?: string | null;
  organizationId?: string | null;
}

/** The value of parentTemplate. */
export interface ParentTemplate {
  id: string;
  name: string;
  displayName: string;
}

/** The value of _template. */
export interface Template {
  id: string;
  name: string;
  displayName: string;
  parentTemplate?: ParentTemplate | null;
}

/** What every entity has. */
export interface Entity {
  _id: string;
  _template: Template;
  _ownerOrganization: Reference;
  _creationTime?: string | null;
  _lastModifiedTime?: string | null;
  _caption?: string | null;
  [custom: `${Letters<"abcdefghijklmnopqrstuvwxyz">}${string}`]: Unknown;
}

/** The value of _name. */
export interface Name {
  firstName: string;
  lastName: string;
}

/** The value of _address. */
export interface Address {
  countryCode: string;
  state?: string | null;
  city?: string | null;
  zipCode?: string | null;
  address1?: string | null;
  address2?: string | null;
}

/** The value of _mfa. */
export interface Mfa {
  enabled?: boolean | null;
  expirationInMinutes?: number | null;
}

/** What patients, caregivers and users of organizations have. */
export interface Person extends Entity {
  _name: Name;
  _description?: string | null;
  _email?: string | null;
  _phone?: string | null;
  _locale?: string | null;
  _gender?: Gender | null;
  _dateOfBirth?: string | null;
  _address?: Address | null;
  _mfa?: Mfa | null;
  _credentialType?: CredentialType | null;
  _enabled?: string | null;
  _invitationAccepted?: boolean | null;
}

/** What alerts of patients and of devices have. */
export interface Alert extends Entity {
  _state?: State | null;
  _severity?: Severity | null;
  _clearNotes?: string | null;
  _name?: string | null;
  _setDateTime?: string | null;
  _clearDateTime?: string | null;
  _clearTrigger?: string | null;
  _clearedBy?: Reference | null;
}

/** The value of _primaryAdministrator. */
export interface PrimaryAdministrator {
  _name: Name;
  _description?: string | null;
  _email?: string | null;
  _phone?: string | null;
  _locale?: string | null;
  _gender?: Gender | null;
  _dateOfBirth?: string | null;
  _address?: Address | null;
  _mfa?: Mfa | null;
  _credentialType?: CredentialType | null;
  _employeeId?: string | null;
  id?: string | null;
}

/** The value of _connection. */
export interface Connection {
  _connected?: boolean | null;
  _ipAddress?: string | null;
}

/** The value of _operational. */
export interface Operational {
  _status?: string | null;
  _message?: string | null;
}

/** The value of _status. */
export interface Status {
  _certificateStatus?: string | null;
  _connection?: Connection | null;
  _operational?: Operational | null;
  _fwVersion?: string | null;
  _hwVersion?: string | null;
  _bootTime?: string | null;
}

/** The value of _summary. */
export interface Summary {
  _stopReason?: string | null;
  _stopReasonCode?: StopReasonCode | null;
}

/** An entity of the type organization. */
export interface Organization extends Entity {
  _name: string;
  _description?: string | null;
  _headquarters?: Address | null;
  _phone?: string | null;
  _timezone?: string | null;
  _locale?: string | null;
  _branding?: Record<string, Unknown> | null;
  _primaryAdministrator: PrimaryAdministrator;
}

/** An entity of the type organization-user. */
export interface OrganizationUser extends Person {
  _employeeId?: string | null;
}

/** An entity of the type caregiver. */
export interface Caregiver extends Person {
  _employeeId?: string | null;
  _degree?: Degree | null;
}

/** An entity of the type patient. */
export interface Patient extends Person {
  _additionalPhone?: string | null;
  _nationalId?: string | null;
  _canLogin?: boolean | null;
  _caregiver?: Reference | null;
  _username?: string | null;
}

/** An entity of the type patient-alert. */
export interface PatientAlert extends Alert {
  _patient: Reference;
}

/** An entity of the type registration-code. */
export interface RegistrationCode extends Entity {
  _code: string;
}

/** An entity of the type device. */
export interface Device extends Entity {
  _description?: string | null;
  _timezone?: string | null;
  _configuration?: Record<string, Unknown> | null;
  _patient?: Reference | null;
  _registrationCode?: Reference | null;
  _status?: Status | null;
}

/** An entity of the type device-alert. */
export interface DeviceAlert extends Alert {
  _device: Reference;
}

/** An entity of the type usage-session. */
export interface UsageSession extends Entity {
  _configuration?: Record<string, Unknown> | null;
  _name?: string | null;
  _patient?: Reference | null;
  _startTime: string;
  _endTime?: string | null;
  _state: UsageSessionState;
  _summary?: Summary | null;
  _device: Reference;
  _requiredMeasurementIntervalMilliseconds?: number | null;
  _initiator?: string | null;
}

/** An entity of the type command. */
export interface Command extends Entity {
  _configuration?: Record<string, Unknown> | null;
  _name?: string | null;
  _device: Reference;
  _supportStop?: boolean | null;
  _timeoutInSeconds?: number | null;
  _startTime?: string | null;
  _endTime?: string | null;
  _state?: string | null;
}

/** An entity of the type generic-entity. */
export interface GenericEntity extends Entity {
  _name: string;
}
