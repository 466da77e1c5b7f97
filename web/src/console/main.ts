import {} from '../copy/key'; export {};
