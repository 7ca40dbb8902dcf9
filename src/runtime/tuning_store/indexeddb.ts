/** Results of tuning in the browser: one record for each device, in IndexedDB. */
import type { TuningStore } from './index.ts';

const DATABASE = 'koalarize';
const TABLE = 'tuning';

/** Keeps values in the database `koalarize`. */
export function indexedDbStore(factory: IDBFactory): TuningStore {
  const use = async <T>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const opening = factory.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    const database = await settled(opening);
    try {
      return await settled(ask(database.transaction(TABLE, mode).objectStore(TABLE)));
    } finally {
      database.close();
    }
  };
  return {
    load: async (key) => {
      const value: unknown = await use('readonly', (table) => table.get(key)).catch(() => undefined);
      return typeof value === 'string' ? value : undefined;
    },
    save: async (key, value) => {
      await use('readwrite', (table) => table.put(value, key));
    },
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
