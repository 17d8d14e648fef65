/* Making the texts, once, and writing records by them: runs of defaults are copied whole. */
#include "db/plan_text.h"

#include "wire/put.h"

static void add_piece(GString *all, const WireForm *form, const DbField *field, PlanPiece *piece);
static void put(GString *out, const WirePiece *piece);

void plan_text_init(PlanText *text, const DbClass *class_info, const PlanField *fields,
                    const WireForm *form)
{
    GString *all = g_string_new(NULL);
    text->form = form;
    text->pieces = g_new0(PlanPiece, class_info->field_count + 1u);
    for (uint16_t f = 0; f < class_info->field_count; f++) {
        PlanPiece *piece = &text->pieces[f];
        piece->initial = fields[f].initial;
        piece->start = (uint32_t)all->len;
        if (!(class_info->fields[f].flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED))) {
            add_piece(all, form, &class_info->fields[f], piece);
        }
    }
    text->pieces[class_info->field_count].start = (uint32_t)all->len;
    text->text = g_string_free(all, FALSE);
}

void plan_text_clear(PlanText *text)
{
    g_free(text->text);
    g_free(text->pieces);
}

void plan_text_append(const PlanText *text, DbObject *object, uint16_t other_field,
                      DbFieldWriter write, void *user, GString *out)
{
    size_t start = out->len;
    const PlanPiece *pieces = text->pieces;
    uint32_t end = pieces[object->field_count].start;
    uint32_t done = MIN(end, (uint32_t)text->form->separator.length); /* none before the first */
    put(out, &text->form->open_struct);
    for (uint16_t f = 0; f < object->field_count; f++) {
        const PlanPiece *piece = &pieces[f];
        bool is_other = write && f == other_field;
        bool is_shown = piece->start != piece[1].start;
        if ((object->cells[f] == piece->initial && !is_other) || !is_shown) {
            continue;
        }
        wire_put(out, text->text + done, piece->value - done);
        if (is_other) {
            size_t before = out->len;
            write(out, user);
            start += out->len - before;
        } else {
            text->form->append_value(out, object->cells[f]);
        }
        done = piece->value_end;
    }
    wire_put(out, text->text + done, end - done);
    put(out, &text->form->close_struct);
    g_atomic_int_set(&object->text_lengths[text->form->id], (gint)(out->len - start));
}

static void add_piece(GString *all, const WireForm *form, const DbField *field, PlanPiece *piece)
{
    put(all, &form->separator);
    put(all, &form->open_name);
    form->append_escaped(all, field->name, strlen(field->name));
    put(all, &form->close_name);
    piece->value = (uint32_t)all->len;
    form->append_value(all, piece->initial);
    piece->value_end = (uint32_t)all->len;
    put(all, &form->close_member);
}

static void put(GString *out, const WirePiece *piece)
{
    wire_put(out, piece->text, piece->length);
}
