/* The two kinds of writer, one function for each kind of piece: see writer.h. */
#include "wire/writer.h"

#include "wire/put.h"

static void open_value(Writer *writer, bool is_struct);
static void begin_text(Writer *writer);
static void end_text(Writer *writer);
static void add(Writer *writer, Value *value);
static void put(Writer *writer, const WirePiece *piece);

void writer_init_text(Writer *writer, const WireForm *form, GString *out)
{
    *writer = (Writer){.form = form, .out = out};
}

void writer_init_tree(Writer *writer)
{
    *writer = (Writer){.form = NULL};
}

void writer_clear(Writer *writer)
{
    g_clear_pointer(&writer->result, value_unref);
}

void writer_open_struct(Writer *writer)
{
    open_value(writer, true);
}

void writer_open_array(Writer *writer)
{
    open_value(writer, false);
}

void writer_close(Writer *writer)
{
    const WireForm *form = writer->form;
    g_assert(writer->depth > 0);
    writer->depth--;
    if (form) {
        put(writer, writer->in_struct[writer->depth] ? &form->close_struct : &form->close_array);
        end_text(writer);
    }
}

void writer_name(Writer *writer, const char *name)
{
    const WireForm *form = writer->form;
    if (!form) {
        writer->name = name;
        return;
    }
    begin_text(writer);
    put(writer, &form->open_name);
    form->append_escaped(writer->out, name, strlen(name));
    put(writer, &form->close_name);
    writer->is_begun = false;
}

void writer_value(Writer *writer, Value *value)
{
    if (writer->form) {
        begin_text(writer);
        writer->form->append_value(writer->out, value);
        end_text(writer);
    } else {
        add(writer, value_ref(value));
    }
}

void writer_text(Writer *writer, const char *text)
{
    const WireForm *form = writer->form;
    if (!form) {
        add(writer, value_new_string(text));
        return;
    }
    begin_text(writer);
    put(writer, &form->open_text);
    form->append_escaped(writer->out, text, strlen(text));
    put(writer, &form->close_text);
    end_text(writer);
}

void writer_ref(Writer *writer, Uuid ref)
{
    if (writer->form) {
        writer_text(writer, REF_TEXT(ref));
    } else {
        add(writer, value_new_ref(ref));
    }
}

GString *writer_begin_raw(Writer *writer)
{
    if (writer->form) {
        begin_text(writer);
    }
    return writer->out;
}

void writer_end_raw(Writer *writer)
{
    end_text(writer);
}

Value *writer_end(Writer *writer)
{
    g_assert(writer->depth == 0);
    return writer->form ? value_new_void() : g_steal_pointer(&writer->result);
}

static void open_value(Writer *writer, bool is_struct)
{
    const WireForm *form = writer->form;
    g_assert(writer->depth < WRITER_MAX_DEPTH);
    if (form) {
        begin_text(writer);
        put(writer, is_struct ? &form->open_struct : &form->open_array);
        writer->is_begun = false;
    } else {
        Value *value = is_struct ? value_new_struct(0) : value_new_array(0);
        add(writer, value);
        writer->open[writer->depth] = value;
    }
    writer->in_struct[writer->depth] = is_struct;
    writer->depth++;
}

/* Before a value, or the name of one. */
static void begin_text(Writer *writer)
{
    if (writer->is_begun) {
        put(writer, &writer->form->separator);
    }
}

/* Behind a value. */
static void end_text(Writer *writer)
{
    writer->is_begun = true;
    if (writer->depth > 0 && writer->in_struct[writer->depth - 1]) {
        put(writer, &writer->form->close_member);
    }
}

/* Takes `value` over, which may still grow. */
static void add(Writer *writer, Value *value)
{
    Value *parent = writer->depth > 0 ? writer->open[writer->depth - 1] : NULL;
    if (!parent) {
        writer->result = value;
    } else if (writer->in_struct[writer->depth - 1]) {
        value_struct_add(parent, writer->name, value);
    } else {
        value_array_add(parent, value);
    }
}

static void put(Writer *writer, const WirePiece *piece)
{
    wire_put(writer->out, piece->text, piece->length);
}
