import { Type, type Static, type TObject, type TProperties, type TSchema, type TSchemaOptions, type TUnsafe } from 'typebox'

/** A closed object with a name: a field it does not list is refused in requests and never leaves in answers. */
export function resource<P extends TProperties>($id: string, description: string, properties: P): TObject<P> {
  return Type.Object(properties, { $id, description, additionalProperties: false })
}

/** Points at a named schema, typed as what it describes. Whoever validates must know the schema by its `$id`. */
export function ref<S extends TSchema>(schema: S): TUnsafe<Static<S>> {
  const { $id } = schema as { $id?: string }
  if ($id === undefined) throw new Error('Only a schema with an $id can be referred to.')
  return Type.Unsafe<Static<S>>({ $ref: `${$id}#` })
}

/** One of some words. */
export function word<const V extends string[]>(values: readonly [...V], options: TSchemaOptions) {
  return Type.Enum(values, { type: 'string', ...options })
}

/** As the schema says, or null: written `type: [T, "null"]`, so that no validator has to try alternatives and no null turns into 0. */
export function nullable<S extends TSchema>(schema: S): TUnsafe<Static<S> | null> {
  const { type, enum: values, ...rest } = schema as { type?: string; enum?: unknown[] }
  if (type === undefined) throw new Error('Only a schema with one type can be made nullable.')
  return Type.Unsafe<Static<S> | null>({ ...rest, type: [type, 'null'], ...(values === undefined ? {} : { enum: [...values, null] }) })
}

/** One page of a list in ascending order of the natural key; ask on with `?after=<next>`. */
export function page<S extends TSchema>($id: string, item: S, example: string) {
  return resource($id, 'One page of a list, in ascending order of its key.', {
    items: Type.Array(ref(item), { description: 'The page, at most `limit` of them.' }),
    next: nullable(Type.String({ description: 'Give this as `after` to get the next page; null on the last.', examples: [example] })),
  })
}
