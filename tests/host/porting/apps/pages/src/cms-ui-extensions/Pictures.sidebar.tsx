export const Pictures = () => <div className="p">It's here: {'}'}</div>;
