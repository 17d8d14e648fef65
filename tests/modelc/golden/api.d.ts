// References, enums, records and methods of the XenAPI in the form of JSON-RPC.
// Generated from the model; do not edit.

export type LampRef = string & { readonly __class?: 'Lamp' }
export type RoomRef = string & { readonly __class?: 'Room' }
export type SwitchRef = string & { readonly __class?: 'Switch' }

/** Whether a lamp shines. */
export type LampState = 'dark' | 'very-bright'

/** What can be done with a lamp. */
export type LampOperations = 'switch_on' | 'switch_off' | 'clean' | 'throw'

/** A lamp in a "room": it shines or it does not. */
export interface LampRecord {
  /** The identity of the lamp. */
  uuid: string
  /** A name for people. */
  name_label: string
  /** What can be done now. */
  allowed_operations: LampOperations[]
  /** Whether it shines. */
  state: LampState
  /** What it takes. */
  watts: number
  /** What it cost. */
  price: number
  /** When it was bought. */
  bought: string
  /** Whether it is red. */
  is_red: boolean
  /** Where it stands. */
  room: RoomRef
  /** Words to find it by. */
  tags: string[]
  /** The switches that switch it. */
  switches: SwitchRef[]
  /** Anything else. */
  other_config: Record<string, string>
  /** How long it shone, by day. */
  hours: Record<string, number>
  /** Its fuse, where it has one. */
  fuse?: string | undefined
}

/** One measurement; only ever part of an answer. */
export interface LightSampleRecord {
  /** How bright it was. */
  lux: number
}

/** A room of the house. */
export interface RoomRecord {
  /** The identity of the room. */
  uuid: string
  /** A name for people. */
  name_label: string
  /** The lamps in the room. */
  lamps: LampRef[]
}

/** What switches lamps; clients never see one. */
export interface SwitchRecord {
  /** The lamps it switches. */
  lamps: LampRef[]
}

/** Every method, without the session that goes first on the wire. */
export interface Api {
  /** All fields of one Lamp. */
  'Lamp.get_record': ((self: LampRef) => LampRecord)
  /** The Lamp with this uuid. */
  'Lamp.get_by_uuid': ((uuid: string) => LampRef)
  /** Every Lamp with this name. */
  'Lamp.get_by_name_label': ((label: string) => LampRef[])
  /** Every Lamp there is. */
  'Lamp.get_all': (() => LampRef[])
  /** Every Lamp for which the expression holds. */
  'Lamp.get_all_where': ((expr: string) => LampRef[])
  /** Every Lamp there is, with all fields. */
  'Lamp.get_all_records': (() => Record<string, LampRecord>)
  /** Every Lamp for which the expression holds, with all fields. */
  'Lamp.get_all_records_where': ((expr: string) => Record<string, LampRecord>)
  /** The field uuid of the Lamp. */
  'Lamp.get_uuid': ((self: LampRef) => string)
  /** The field name_label of the Lamp. */
  'Lamp.get_name_label': ((self: LampRef) => string)
  /** Sets the field name_label of the Lamp. */
  'Lamp.set_name_label': ((self: LampRef, value: string) => '')
  /** The field allowed_operations of the Lamp. */
  'Lamp.get_allowed_operations': ((self: LampRef) => LampOperations[])
  /** The field state of the Lamp. */
  'Lamp.get_state': ((self: LampRef) => LampState)
  /** The field watts of the Lamp. */
  'Lamp.get_watts': ((self: LampRef) => number)
  /** The field price of the Lamp. */
  'Lamp.get_price': ((self: LampRef) => number)
  /** The field bought of the Lamp. */
  'Lamp.get_bought': ((self: LampRef) => string)
  /** The field is_red of the Lamp. */
  'Lamp.get_is_red': ((self: LampRef) => boolean)
  /** The field room of the Lamp. */
  'Lamp.get_room': ((self: LampRef) => RoomRef)
  /** The field tags of the Lamp. */
  'Lamp.get_tags': ((self: LampRef) => string[])
  /** Sets the field tags of the Lamp. */
  'Lamp.set_tags': ((self: LampRef, value: string[]) => '')
  /** Adds a value to the field tags of the Lamp, unless it is there. */
  'Lamp.add_tags': ((self: LampRef, value: string) => '')
  /** Removes a value from the field tags of the Lamp, if it is there. */
  'Lamp.remove_tags': ((self: LampRef, value: string) => '')
  /** The field switches of the Lamp. */
  'Lamp.get_switches': ((self: LampRef) => SwitchRef[])
  /** The field other_config of the Lamp. */
  'Lamp.get_other_config': ((self: LampRef) => Record<string, string>)
  /** Sets the field other_config of the Lamp. */
  'Lamp.set_other_config': ((self: LampRef, value: Record<string, string>) => '')
  /** Adds a key to the field other_config of the Lamp; the key must be new. */
  'Lamp.add_to_other_config': ((self: LampRef, key: string, value: string) => '')
  /** Removes a key from the field other_config of the Lamp, if it is there. */
  'Lamp.remove_from_other_config': ((self: LampRef, key: string) => '')
  /** The field hours of the Lamp. */
  'Lamp.get_hours': ((self: LampRef) => Record<string, number>)
  /** The field fuse of the Lamp. */
  'Lamp.get_fuse': ((self: LampRef) => string | undefined)
  /** Creates a Lamp from a record. */
  'Lamp.create': ((args: LampRecord) => LampRef)
  /** Destroys the Lamp. */
  'Lamp.destroy': ((self: LampRef) => '')
  /** Makes the lamp shine. */
  'Lamp.switch_on': ((lamp: LampRef, brightness: number, force?: boolean, state?: LampState) => '')
  /** A text about the lamp. */
  'Lamp.describe': ((self: LampRef, since: string, weight: number, names: string[]) => string)
  /** The lamps with this code. */
  'Lamp.find': ((code: string) => LampRef[])
  /** Carries the lamp elsewhere and tells where it stood. */
  'Lamp.move': ((self: LampRef, room: RoomRef) => RoomRef)
  /** Looks at all lamps at once. */
  'Lamp.look': (() => LampState)
  /** Puts in another bulb. */
  'Lamp.set_watts': ((self: LampRef, value: number) => '')
  /** Nobody has written this one yet. */
  'Lamp.paint': ((self: LampRef) => unknown)
  /** The newest measurements. */
  'light_sample.last': ((lamp?: LampRef) => LightSampleRecord[])
  /** All fields of one Room. */
  'Room.get_record': ((self: RoomRef) => RoomRecord)
  /** The Room with this uuid. */
  'Room.get_by_uuid': ((uuid: string) => RoomRef)
  /** The field uuid of the Room. */
  'Room.get_uuid': ((self: RoomRef) => string)
  /** The field name_label of the Room. */
  'Room.get_name_label': ((self: RoomRef) => string)
  /** The field lamps of the Room. */
  'Room.get_lamps': ((self: RoomRef) => LampRef[])
  /** Every switch, for the daemon only. */
  'Switch.get_all': (() => SwitchRef[])
}
