/* The value tree.  Its text forms are in json.c and xmlrpc.c.
 *
 * A database holds millions of these, so a Value is one allocation of a small header and its
 * payload: 16 bytes for a number, 8 and the text for a string.  Scalars that repeat are
 * constants, which nobody counts references of. */
#include "wire/value_shape.h"

#include <math.h>
#include <string.h>

/* References of a constant; never written, for constants are read-only memory. */
#define VALUE_IMMORTAL (-1)

/* Structs beyond this many members get an index.  No record of the model is that large; maps
 * of whole tables and hostile input are. */
#define VALUE_INDEX_THRESHOLD 256

#define VALUE_MAX_COUNT ((size_t)(1u << 28) - 1)

#define VALUE_CONSTANT(kind_)                                                                      \
    {                                                                                              \
        .refs = VALUE_IMMORTAL, .kind = (kind_)                                                    \
    }

static const Scalar constant_nil = {.head = VALUE_CONSTANT(VALUE_NIL)};
static const Scalar constant_void = {.head = VALUE_CONSTANT(VALUE_VOID)};
static const Scalar constant_false = {.head = VALUE_CONSTANT(VALUE_BOOL)};
static const Scalar constant_true = {.head = VALUE_CONSTANT(VALUE_BOOL), .integer = 1};
static const Scalar constant_zero = {.head = VALUE_CONSTANT(VALUE_INT)};
static const Scalar constant_float_zero = {.head = VALUE_CONSTANT(VALUE_FLOAT)};
static const Scalar constant_epoch = {.head = VALUE_CONSTANT(VALUE_DATETIME)};
static const Scalar constant_empty = {.head = VALUE_CONSTANT(VALUE_STRING)}; /* text is a NUL */
static const Reference constant_null_ref = {.head = VALUE_CONSTANT(VALUE_REF)};

static Value *value_new_constant(const void *constant);
static void *value_new_sized(ValueKind kind, size_t size);
static Value *value_new_integer(ValueKind kind, int64_t integer);
static void value_free(Value *value);
static unsigned value_grow(const Value *value, unsigned capacity);
static void struct_append(Struct *record, const char *name, Value *item);
static void struct_own_names(Struct *record);
static void struct_build_index(Struct *record);
static bool struct_find(const Struct *record, const char *name, unsigned *ret_position);
static Struct *struct_copy(const Struct *record, const char *without);
static bool value_equal_arrays(const Array *a, const Array *b);
static bool value_equal_structs(const Struct *a, const Struct *b);

Value *value_ref(Value *value)
{
    if (g_atomic_int_get(&value->refs) != VALUE_IMMORTAL) {
        g_atomic_int_inc(&value->refs);
    }
    return value;
}

void value_unref(Value *value)
{
    if (value && g_atomic_int_get(&value->refs) != VALUE_IMMORTAL &&
        g_atomic_int_dec_and_test(&value->refs)) {
        value_free(value);
    }
}

Value *value_new_nil(void)
{
    return value_new_constant(&constant_nil);
}

Value *value_new_void(void)
{
    return value_new_constant(&constant_void);
}

Value *value_new_string(const char *text)
{
    return value_new_string_len(text, strlen(text));
}

Value *value_new_string_len(const char *text, size_t length)
{
    if (length == 0) {
        return value_new_constant(&constant_empty);
    }
    g_assert(length <= VALUE_MAX_COUNT);
    String *string = value_new_sized(VALUE_STRING, sizeof(String) + length + 1);
    string->head.count = (unsigned)length;
    memcpy(string->text, text, length);
    string->text[length] = '\0';
    return &string->head;
}

Value *value_new_int(int64_t number)
{
    return number == 0 ? value_new_constant(&constant_zero) : value_new_integer(VALUE_INT, number);
}

Value *value_new_typed_int(int64_t number)
{
    Value *value = value_new_integer(VALUE_INT, number);
    value->count = 1;
    return value;
}

Value *value_new_float(double number)
{
    if (number == 0 && !signbit(number)) {
        return value_new_constant(&constant_float_zero);
    }
    Scalar *scalar = value_new_sized(VALUE_FLOAT, sizeof(Scalar));
    scalar->number = number;
    return &scalar->head;
}

Value *value_new_bool(bool truth)
{
    return value_new_constant(truth ? &constant_true : &constant_false);
}

Value *value_new_datetime(int64_t seconds)
{
    return seconds == 0 ? value_new_constant(&constant_epoch)
                        : value_new_integer(VALUE_DATETIME, seconds);
}

Value *value_new_ref(Uuid uuid)
{
    if (uuid_is_null(uuid)) {
        return value_new_constant(&constant_null_ref);
    }
    Reference *reference = value_new_sized(VALUE_REF, sizeof(Reference));
    reference->uuid = uuid;
    return &reference->head;
}

Value *value_new_array(unsigned size_hint)
{
    Array *array = value_new_sized(VALUE_ARRAY, sizeof(Array));
    array->capacity = size_hint;
    array->items = g_new(Value *, size_hint);
    return &array->head;
}

Value *value_new_struct(unsigned size_hint)
{
    Struct *record = value_new_sized(VALUE_STRUCT, sizeof(Struct));
    record->capacity = size_hint;
    record->owns_names = false;
    record->members = g_new(Member, size_hint);
    record->index = NULL;
    return &record->head;
}

void value_array_add(Value *array, Value *item)
{
    Array *self = value_as_array(array);
    if (array->count == self->capacity) {
        self->capacity = value_grow(array, self->capacity);
        self->items = g_renew(Value *, self->items, self->capacity);
    }
    self->items[array->count++] = item;
}

void value_struct_add(Value *record, const char *name, Value *item)
{
    Struct *self = value_as_struct(record);
    if (!self->owns_names) {
        struct_own_names(self);
    }
    struct_append(self, g_strdup(name), item);
}

void value_struct_add_static(Value *record, const char *name, Value *item)
{
    Struct *self = value_as_struct(record);
    struct_append(self, self->owns_names ? g_strdup(name) : name, item);
}

ValueKind value_kind(const Value *value)
{
    return kind_of(value);
}

const char *value_string(const Value *value)
{
    return kind_of(value) == VALUE_STRING ? ((const String *)value)->text : "";
}

size_t value_string_length(const Value *value)
{
    return kind_of(value) == VALUE_STRING ? value->count : 0;
}

int64_t value_int(const Value *value)
{
    return kind_of(value) == VALUE_INT ? ((const Scalar *)value)->integer : 0;
}

bool value_is_typed_int(const Value *value)
{
    return kind_of(value) == VALUE_INT && value->count == 1;
}

double value_float(const Value *value)
{
    return kind_of(value) == VALUE_FLOAT ? ((const Scalar *)value)->number : 0;
}

bool value_bool(const Value *value)
{
    return kind_of(value) == VALUE_BOOL && ((const Scalar *)value)->integer != 0;
}

int64_t value_datetime(const Value *value)
{
    return kind_of(value) == VALUE_DATETIME ? ((const Scalar *)value)->integer : 0;
}

Uuid value_uuid(const Value *value)
{
    return kind_of(value) == VALUE_REF ? ((const Reference *)value)->uuid : constant_null_ref.uuid;
}

unsigned value_count(const Value *value)
{
    ValueKind kind = kind_of(value);
    return kind == VALUE_ARRAY || kind == VALUE_STRUCT ? value->count : 0;
}

Value *value_at(const Value *value, unsigned index)
{
    g_assert(value && index < value->count);
    return value->kind == VALUE_ARRAY ? value_as_array(value)->items[index]
                                      : value_as_struct(value)->members[index].item;
}

const char *value_name_at(const Value *value, unsigned index)
{
    g_assert(index < value->count);
    return value_as_struct(value)->members[index].name;
}

Value *value_get(const Value *record, const char *name)
{
    unsigned position;
    if (kind_of(record) != VALUE_STRUCT || !struct_find(value_as_struct(record), name, &position)) {
        return NULL;
    }
    return value_as_struct(record)->members[position].item;
}

const char *value_get_string(const Value *record, const char *name)
{
    const Value *item = value_get(record, name);
    return item && item->kind == VALUE_STRING ? ((const String *)item)->text : NULL;
}

bool value_equal(const Value *a, const Value *b)
{
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind || a->count != b->count) {
        return false;
    }
    switch ((ValueKind)a->kind) {
    case VALUE_NIL:
    case VALUE_VOID:
        return true;
    case VALUE_STRING:
        return memcmp(((const String *)a)->text, ((const String *)b)->text, a->count) == 0;
    case VALUE_FLOAT:
        return value_float(a) == value_float(b);
    case VALUE_INT:
    case VALUE_BOOL:
    case VALUE_DATETIME:
        return ((const Scalar *)a)->integer == ((const Scalar *)b)->integer;
    case VALUE_REF:
        return uuid_equal(((const Reference *)a)->uuid, ((const Reference *)b)->uuid);
    case VALUE_ARRAY:
        return value_equal_arrays(value_as_array(a), value_as_array(b));
    case VALUE_STRUCT:
        return value_equal_structs(value_as_struct(a), value_as_struct(b));
    }
    g_assert_not_reached();
}

Value *value_struct_with(const Value *record, const char *name, Value *item)
{
    Struct *copy = struct_copy(value_as_struct(record), NULL);
    unsigned position;
    if (struct_find(copy, name, &position)) {
        value_unref(copy->members[position].item);
        copy->members[position].item = item;
    } else {
        value_struct_add(&copy->head, name, item);
    }
    return &copy->head;
}

Value *value_struct_without(const Value *record, const char *name)
{
    return &struct_copy(value_as_struct(record), name)->head;
}

Value *value_array_with(const Value *array, Value *item)
{
    const Array *self = value_as_array(array);
    Value *copy = value_new_array(array->count + 1);
    for (unsigned i = 0; i < array->count; i++) {
        value_array_add(copy, value_ref(self->items[i]));
    }
    value_array_add(copy, item);
    return copy;
}

Value *value_array_without(const Value *array, const Value *item)
{
    const Array *self = value_as_array(array);
    Value *copy = value_new_array(array->count);
    for (unsigned i = 0; i < array->count; i++) {
        if (!value_equal(self->items[i], item)) {
            value_array_add(copy, value_ref(self->items[i]));
        }
    }
    return copy;
}

static const char ref_prefix[] = "OpaqueRef:";
#define REF_PREFIX_LENGTH (sizeof ref_prefix - 1)

const char *value_ref_format(Uuid uuid, char text[VALUE_REF_TEXT_SIZE])
{
    memcpy(text, ref_prefix, REF_PREFIX_LENGTH);
    if (uuid_is_null(uuid)) {
        memcpy(text + REF_PREFIX_LENGTH, "NULL", sizeof "NULL");
    } else {
        uuid_format(uuid, text + REF_PREFIX_LENGTH);
    }
    return text;
}

bool value_ref_parse(const char *text, Uuid *ret_uuid)
{
    if (*text == '\0') {
        *ret_uuid = (Uuid){{0}};
        return true;
    }
    if (!g_str_has_prefix(text, ref_prefix)) {
        return false;
    }
    text += REF_PREFIX_LENGTH;
    if (strcmp(text, "NULL") == 0) {
        *ret_uuid = (Uuid){{0}};
        return true;
    }
    return uuid_parse(text, ret_uuid);
}

/* Constants are handed out as what they are to everybody: a Value that is never changed. */
static Value *value_new_constant(const void *constant)
{
    return (Value *)constant;
}

/* The payload is left to the caller to fill. */
static void *value_new_sized(ValueKind kind, size_t size)
{
    Value *value = g_malloc(size);
    value->refs = 1;
    value->kind = kind;
    value->count = 0;
    return value;
}

static Value *value_new_integer(ValueKind kind, int64_t integer)
{
    Scalar *scalar = value_new_sized(kind, sizeof(Scalar));
    scalar->integer = integer;
    return &scalar->head;
}

static void value_free(Value *value)
{
    if (value->kind == VALUE_ARRAY) {
        Array *array = value_as_array(value);
        for (unsigned i = 0; i < value->count; i++) {
            value_unref(array->items[i]);
        }
        g_free(array->items);
    } else if (value->kind == VALUE_STRUCT) {
        Struct *record = value_as_struct(value);
        for (unsigned i = 0; i < value->count; i++) {
            value_unref(record->members[i].item);
            if (record->owns_names) {
                g_free((char *)record->members[i].name);
            }
        }
        g_clear_pointer(&record->index, g_tree_unref);
        g_free(record->members);
    }
    g_free(value);
}

/* The next capacity of a container that is full. */
static unsigned value_grow(const Value *value, unsigned capacity)
{
    g_assert(value->count < VALUE_MAX_COUNT);
    return capacity < 4 ? 4 : capacity * 2;
}

static void struct_append(Struct *record, const char *name, Value *item)
{
    if (record->head.count == record->capacity) {
        record->capacity = value_grow(&record->head, record->capacity);
        record->members = g_renew(Member, record->members, record->capacity);
    }
    unsigned position = record->head.count++;
    record->members[position] = (Member){.name = name, .item = item};
    if (record->index) {
        g_tree_insert(record->index, (gpointer)name, GUINT_TO_POINTER(position + 1));
    } else if (record->head.count > VALUE_INDEX_THRESHOLD) {
        struct_build_index(record);
    }
}

static void struct_own_names(Struct *record)
{
    for (unsigned i = 0; i < record->head.count; i++) {
        record->members[i].name = g_strdup(record->members[i].name);
    }
    record->owns_names = true;
    if (record->index) {
        struct_build_index(record); /* its keys were the static names */
    }
}

static void struct_build_index(Struct *record)
{
    g_clear_pointer(&record->index, g_tree_unref);
    record->index = g_tree_new((GCompareFunc)strcmp);
    for (unsigned i = 0; i < record->head.count; i++) {
        g_tree_insert(record->index, (gpointer)record->members[i].name, GUINT_TO_POINTER(i + 1));
    }
}

static bool struct_find(const Struct *record, const char *name, unsigned *ret_position)
{
    if (record->index) {
        unsigned found = GPOINTER_TO_UINT(g_tree_lookup(record->index, name));
        *ret_position = found - 1;
        return found > 0;
    }
    for (unsigned i = 0; i < record->head.count; i++) {
        const char *candidate = record->members[i].name;
        if (candidate == name || strcmp(candidate, name) == 0) {
            *ret_position = i;
            return true;
        }
    }
    return false;
}

/* All members but those called `without`, which may be NULL. */
static Struct *struct_copy(const Struct *record, const char *without)
{
    Value *copy = value_new_struct(record->head.count + 1);
    for (unsigned i = 0; i < record->head.count; i++) {
        const Member *member = &record->members[i];
        if (without && strcmp(member->name, without) == 0) {
            continue;
        }
        if (record->owns_names) {
            value_struct_add(copy, member->name, value_ref(member->item));
        } else {
            value_struct_add_static(copy, member->name, value_ref(member->item));
        }
    }
    return value_as_struct(copy);
}

static bool value_equal_arrays(const Array *a, const Array *b)
{
    for (unsigned i = 0; i < a->head.count; i++) {
        if (!value_equal(a->items[i], b->items[i])) {
            return false;
        }
    }
    return true;
}

static bool value_equal_structs(const Struct *a, const Struct *b)
{
    for (unsigned i = 0; i < a->head.count; i++) {
        const char *name = a->members[i].name;
        unsigned position = i; /* most often the order is the same */
        if (strcmp(b->members[i].name, name) != 0 && !struct_find(b, name, &position)) {
            return false;
        }
        if (!value_equal(a->members[i].item, b->members[position].item)) {
            return false;
        }
    }
    return true;
}
