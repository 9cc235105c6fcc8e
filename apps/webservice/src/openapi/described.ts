import type { Type } from '@nestjs/common';
import type * as Swagger from '@nestjs/swagger';
import type { ApiPropertyOptions } from '@nestjs/swagger';

type Library = typeof Swagger;
type Decorator = ClassDecorator & MethodDecorator & PropertyDecorator;

/** Where the library keeps the members of a body, each after a colon, and what is said of one. */
const MEMBERS = 'swagger/apiModelPropertiesArray';
const MEMBER = 'swagger/apiModelProperties';

/** What is described, in the order in which the classes were loaded. */
const waiting: ((library: Library) => void)[] = [];

/**
 * A decorator that describes a class, a route or a member in the OpenAPI document. It is applied when `loadDescriptions` is called, because a
 * webservice that serves no document need not load `@nestjs/swagger`: with its decorators it takes 30 ms of each start.
 */
export function described(
  decorators: (library: Library) => readonly (ClassDecorator | MethodDecorator | PropertyDecorator)[],
): Decorator {
  return ((...decorated: Parameters<MethodDecorator>) => {
    waiting.push((library) => {
      for (const decorate of decorators(library)) (decorate as MethodDecorator)(...decorated);
    });
  }) as Decorator;
}

/** Loads `@nestjs/swagger` and applies the descriptions of all classes that have been loaded. */
export async function loadDescriptions(): Promise<Library> {
  const library = await import('@nestjs/swagger');
  for (const apply of waiting.splice(0)) apply(library);
  return library;
}

/** Of `@nestjs/swagger`. */
export function ApiTags(...tags: string[]): ClassDecorator {
  return described((library) => [library.ApiTags(...tags)]);
}

/** Of `@nestjs/swagger`. */
export function ApiProperty(options: ApiPropertyOptions): PropertyDecorator {
  return described((library) => [library.ApiProperty(options)]);
}

/** Of `@nestjs/swagger`. */
export function ApiExcludeController(): ClassDecorator {
  return described((library) => [library.ApiExcludeController()]);
}

/** The members of another body, each of which may be left out. */
export function ApiPartOf(body: Type<object>): ClassDecorator {
  return described((library) => [
    ({ prototype }: { readonly prototype: object }): void => {
      const part = library.PartialType(body, { skipNullProperties: false }).prototype as object;
      const members = Reflect.getMetadata(MEMBERS, part) as readonly string[];
      Reflect.defineMetadata(MEMBERS, members, prototype);
      for (const member of members.map((name) => name.slice(':'.length)))
        Reflect.defineMetadata(MEMBER, Reflect.getMetadata(MEMBER, part, member), prototype, member);
    },
  ]);
}
