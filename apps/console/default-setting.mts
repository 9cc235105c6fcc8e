import { defaultSetting } from '@taskrunner/infrastructure/configuration';

const NAME = 'virtual:default-setting';
const ID = `\0${NAME}`;

/**
 * The setting in which packs are planned without an installation, computed when the console is built: reading a configuration needs Node.js,
 * and its defaults are known by then. The plan hash depends on none of it.
 */
export function defaultSettingModule() {
  return {
    name: 'default-setting',
    resolveId: (source: string) => (source === NAME ? ID : null),
    load: (id: string) => (id === ID ? `export default ${JSON.stringify(defaultSetting())};` : null),
  };
}
